import pytest

from billing.adapters.memory.registrar import MemoryRegistrar
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.ports import NoRegistrar
from billing.domain import DomainName
from tests.builders import NOW

RWANDA, COMMERCIAL, ELSEWHERE = (MemoryRegistrar(lambda: NOW) for _ in range(3))
ROUTES = RegistrarRoutes({"rw": RWANDA, "co.rw": COMMERCIAL, "uk": ELSEWHERE})


@pytest.mark.parametrize(
    ("name", "registrar"),
    [
        ("example.rw", RWANDA),
        ("example.co.rw", COMMERCIAL),
        ("www.example.co.rw", COMMERCIAL),
        ("example.ac.rw", RWANDA),
        ("co.rw", RWANDA),
        ("example.co.uk", ELSEWHERE),
        ("EXAMPLE.CO.RW", COMMERCIAL),
        ("notco.rw", RWANDA),
    ],
)
def test_a_name_goes_to_the_registrar_of_its_longest_suffix(name: str, registrar: MemoryRegistrar):
    assert ROUTES.of(DomainName(name)) is registrar


@pytest.mark.parametrize("name", ["example.com", "rw.example", "example.norw"])
def test_a_name_that_nobody_serves_has_no_registrar(name: str):
    with pytest.raises(NoRegistrar, match=name):
        ROUTES.of(DomainName(name))
