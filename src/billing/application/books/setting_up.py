"""Make sure that a provider tells us what we read, where we listen, and that our key may do its work."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from billing.application.outcomes import Deadline
from billing.application.provider_ports import Endpoint, ProviderSetup
from billing.domain.errors import NotFound


class Did(StrEnum):
    """What became of the endpoint."""

    MADE = "made"
    CORRECTED = "corrected"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class EndpointSetUp:
    """The endpoint that tells us, None where it would only be made; `superseded` send to the same address, too."""

    did: Did
    endpoint: Endpoint | None
    superseded: Sequence[Endpoint]


@dataclass(frozen=True)
class SetUpProvider:
    """Look first, then write no more than is needed: a second run changes nothing."""

    setups: Mapping[str, ProviderSetup]

    def __call__(
        self, gateway: str, url: str, deadline: Callable[[], Deadline], *, dry_run: bool = False
    ) -> EndpointSetUp:
        """One endpoint with our types and our version. Since a version can't be changed, one of another is superseded.

        What is superseded is left alone: until every process knows the new secret, it is what tells us.
        """
        setup = self._of(gateway)
        here = [one for one in setup.endpoints(deadline()) if one.url == url]
        fitting = (one for one in here if one.version == setup.version)
        ours = max(fitting, key=lambda one: one.is_enabled, default=None)  # one that tells us already has our secret
        superseded = [one for one in here if one is not ours and one.is_enabled]
        if ours is None:
            return EndpointSetUp(Did.MADE, None if dry_run else setup.make_endpoint(url, deadline()), superseded)
        if ours.types == setup.types and ours.is_enabled:
            return EndpointSetUp(Did.UNCHANGED, ours, superseded)
        return EndpointSetUp(
            Did.CORRECTED, ours if dry_run else setup.correct_endpoint(ours.ref, deadline()), superseded
        )

    def problems(self, gateway: str, deadline: Callable[[], Deadline]) -> Iterator[str]:
        """What is wrong with the account or our key, a sentence each."""
        setup = self._of(gateway)
        for check in setup.checks:
            problem = setup.problem(check, deadline())
            if problem is not None:
                yield problem

    def _of(self, gateway: str) -> ProviderSetup:
        if gateway not in self.setups:
            raise NotFound("gateway", gateway)
        return self.setups[gateway]
