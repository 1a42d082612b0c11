"""Saved cards: how each ends when it is charged while its customer is away, and how another takes its place."""

from billing.adapters.memory.pages import Told
from billing.application.outcomes import Deadline
from billing.domain import Wallet
from simulation.scenario import MINUTE_MS, Keeper
from simulation.world import World

_AGES_SECONDS = 3600.0


def open_wallet(world: World, keeper: Keeper, customer_id: str) -> Wallet | None:
    """An account with the cards that somebody has saved long ago, the first of which is charged by itself."""
    if not keeper.cards:
        return None
    at, twin = world.now(), world.methods.twin
    with world.begin("reader", reading=True) as uow:
        customer = uow.customers.get(customer_id)
    account = twin.open_account(customer, Deadline.after(_AGES_SECONDS, world.monotonic))
    wallet = Wallet(id=f"wal_{keeper.customer}", customer_id=customer_id, gateway="memory", created_at=at)
    wallet.bind(account)
    for number, ends in enumerate(keeper.cards):
        ref = f"card_{keeper.customer}_{number}"
        twin.keep(account, ref=ref)
        world.gateway.twin.charges[ref] = ends
        wallet.keep(f"mth_{keeper.customer}_{number}", ref, at, card=twin.saved[ref].card)
    return wallet


def replace_card(world: World, customer_id: str, ends: Told = Told.PAID) -> None:
    """On the provider's page, then for what is charged by itself; the old one is removed."""
    container, process = world.container, world.process
    started = process(lambda: container.start_setup()(customer_id, "memory", {}, customer_id))
    if started is None:
        return
    known = set(world.methods.twin.saved)
    told = world.methods.twin.save(started.session_ref or "")
    for ref in world.methods.twin.saved.keys() - known:
        world.gateway.twin.charges[ref] = ends
    world.gateway.pass_on([told])
    world.schedule.sleep(5 * MINUTE_MS)
    kept = usable(world, customer_id)
    if kept:
        process(lambda: container.set_default_method()(customer_id, kept[-1], customer_id))
    if len(kept) > 1:
        process(lambda: container.remove_method()(customer_id, kept[0], customer_id))


def usable(world: World, customer_id: str) -> list[str]:
    """Our ids of the methods that may be charged, oldest first."""
    wallets = (wallet for wallet in world.books.rows(Wallet) if wallet.customer_id == customer_id)
    return [method.id for wallet in wallets for method in wallet.usable]
