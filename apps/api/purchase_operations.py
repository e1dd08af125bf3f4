"""The operations on packs and purchases, for the OpenAPI document: decorators for the handlers."""

from apps.api.describing import PAGING, answers, listing, operation
from apps.api.shapes import ref

list_packs = operation(
    "Credits",
    "list_packs",
    "List what is for sale",
    description="Packs of credits with their prices, tax included. All of them, in one page.",
    responses=listing("Pack"),
)
create_purchase = operation(
    "Credits",
    "create_purchase",
    "Buy a pack",
    description=(
        "Opens a page at `url`, on which a person pays; credits come once the payment has arrived. For keys of people "
        "who may buy. The same `attempt` again is the same purchase, answered with `Idempotent-Replayed: true`."
    ),
    request={"application/json": ref("PurchaseRequest")},
    responses=answers("Purchase", 201),
)
list_purchases = operation(
    "Credits",
    "list_purchases",
    "List purchases",
    description="What was bought, and what became of the money.",
    parameters=PAGING,
    responses=listing("Purchase"),
)
