"""Which call is which: method and path, the SDK's type of its parameters, and who carries it out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stripe import params
from stripe.params import billing_portal, radar
from stripe.params import checkout as checkout_params

from tests.emulators.stripe import checkout, customers, payments, prices, refunds
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.store import Store

Handler = Callable[[Store, Json, str], Json]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # {id} stands for one
    params: type
    handler: Handler

    def match(self, method: str, path: str) -> str | None:
        """Return the id in the path, empty where it has none, or None if it is another call."""
        found = re.fullmatch(self.path.replace("{id}", "(?P<id>[^/]+)"), path)
        return None if found is None or method != self.method else found.groupdict().get("id", "")


def _reads(path: str, name: str, retrieve: type, listing: type) -> list[Route]:
    """Retrieve and list, which are alike for all."""

    def get(store: Store, _: Json, object_id: str) -> Json:
        return store.get(name, object_id)

    def page(store: Store, asked: Json, _: str) -> Json:
        return store.page(name, asked, path)

    return [Route("GET", f"{path}/{{id}}", retrieve, get), Route("GET", path, listing, page)]


ROUTES: Final = [
    Route("POST", "/v1/customers", params.CustomerCreateParams, customers.create),
    Route("GET", "/v1/customers/{id}", params.CustomerRetrieveParams, customers.retrieve),
    Route("POST", "/v1/customers/{id}", params.CustomerUpdateParams, customers.update),
    Route("DELETE", "/v1/customers/{id}", params.CustomerDeleteParams, customers.delete),
    Route(
        "GET",
        "/v1/customers/{id}/payment_methods",
        params.CustomerPaymentMethodListParams,
        customers.list_methods_of,
    ),
    *_reads("/v1/customers", "customer", params.CustomerRetrieveParams, params.CustomerListParams),
    Route("POST", "/v1/products", params.ProductCreateParams, prices.create_product),
    *_reads("/v1/products", "product", params.ProductRetrieveParams, params.ProductListParams),
    Route("POST", "/v1/prices", params.PriceCreateParams, prices.create),
    *_reads("/v1/prices", "price", params.PriceRetrieveParams, params.PriceListParams),
    Route("POST", "/v1/checkout/sessions", checkout_params.SessionCreateParams, checkout.create),
    Route("POST", "/v1/checkout/sessions/{id}/expire", checkout_params.SessionExpireParams, checkout.expire),
    Route(
        "GET",
        "/v1/checkout/sessions/{id}/line_items",
        checkout_params.SessionLineItemListParams,
        checkout.list_lines,
    ),
    *_reads(
        "/v1/checkout/sessions",
        "checkout.session",
        checkout_params.SessionRetrieveParams,
        checkout_params.SessionListParams,
    ),
    Route("POST", "/v1/payment_intents", params.PaymentIntentCreateParams, payments.create),
    Route("GET", "/v1/payment_intents/search", params.PaymentIntentSearchParams, payments.search),
    Route("POST", "/v1/payment_intents/{id}", params.PaymentIntentUpdateParams, payments.update),
    Route("POST", "/v1/payment_intents/{id}/confirm", params.PaymentIntentConfirmParams, payments.confirm),
    Route("POST", "/v1/payment_intents/{id}/cancel", params.PaymentIntentCancelParams, payments.cancel),
    *_reads(
        "/v1/payment_intents",
        "payment_intent",
        params.PaymentIntentRetrieveParams,
        params.PaymentIntentListParams,
    ),
    *_reads("/v1/charges", "charge", params.ChargeRetrieveParams, params.ChargeListParams),
    Route("POST", "/v1/refunds", params.RefundCreateParams, refunds.create),
    Route("POST", "/v1/refunds/{id}", params.RefundUpdateParams, refunds.update),
    *_reads("/v1/refunds", "refund", params.RefundRetrieveParams, params.RefundListParams),
    *_reads("/v1/disputes", "dispute", params.DisputeRetrieveParams, params.DisputeListParams),
    Route("POST", "/v1/setup_intents", params.SetupIntentCreateParams, customers.create_setup),
    Route("POST", "/v1/setup_intents/{id}/confirm", params.SetupIntentConfirmParams, customers.confirm_setup),
    *_reads("/v1/setup_intents", "setup_intent", params.SetupIntentRetrieveParams, params.SetupIntentListParams),
    Route("POST", "/v1/payment_methods", params.PaymentMethodCreateParams, customers.create_method),
    Route("POST", "/v1/payment_methods/{id}/attach", params.PaymentMethodAttachParams, customers.attach),
    Route("POST", "/v1/payment_methods/{id}/detach", params.PaymentMethodDetachParams, customers.detach),
    *_reads(
        "/v1/payment_methods",
        "payment_method",
        params.PaymentMethodRetrieveParams,
        params.PaymentMethodListParams,
    ),
    *_reads("/v1/events", "event", params.EventRetrieveParams, params.EventListParams),
    *_reads("/v1/invoices", "invoice", params.InvoiceRetrieveParams, params.InvoiceListParams),
    *_reads(
        "/v1/invoice_payments",
        "invoice_payment",
        params.InvoicePaymentRetrieveParams,
        params.InvoicePaymentListParams,
    ),
    *_reads(
        "/v1/balance_transactions",
        "balance_transaction",
        params.BalanceTransactionRetrieveParams,
        params.BalanceTransactionListParams,
    ),
    *_reads(
        "/v1/radar/early_fraud_warnings",
        "radar.early_fraud_warning",
        radar.EarlyFraudWarningRetrieveParams,
        radar.EarlyFraudWarningListParams,
    ),
    Route("POST", "/v1/billing_portal/sessions", billing_portal.SessionCreateParams, customers.open_portal),
]


def find(method: str, path: str) -> tuple[Route, str]:
    """Find the call for a request, and the id in its path."""
    for route in ROUTES:
        if (object_id := route.match(method, path)) is not None:
            return route, object_id
    text = f"Unrecognized request URL ({method}: {path})."
    raise Refusal(404, "invalid_request_error", text)
