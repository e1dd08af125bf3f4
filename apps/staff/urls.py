"""Routes of the pages of staff, within Django's admin."""

from collections.abc import Callable

from django.http import HttpResponse

from apps.staff import (
    approvals,
    audit_log,
    books,
    catalogue,
    default_models,
    jobs,
    model_editor,
    model_tabs,
    prices,
    promotions,
    providers,
    publishing,
    purchases,
    ratings,
    workspaces,
)

Page = tuple[str, Callable[..., HttpResponse], str]


def pages() -> list[Page]:
    """Every page: (route, view, name without its ``staff_``)."""
    return [
        ("models/", catalogue.models, "models"),
        ("models/new/", model_editor.model_new, "model_new"),
        ("models/<slug:model_id>/", model_editor.model, "model"),
        ("models/<slug:model_id>/price/", prices.model_price, "model_price"),
        ("models/<slug:model_id>/price/calculate/", prices.calculate, "calculate"),
        ("models/<slug:model_id>/price/new/", prices.draft_new, "draft_new"),
        ("models/<slug:model_id>/endpoints/", providers.model_endpoints, "model_endpoints"),
        ("models/<slug:model_id>/access/", model_tabs.model_access, "model_access"),
        ("models/<slug:model_id>/sources/", model_tabs.model_sources, "model_sources"),
        ("models/<slug:model_id>/history/", model_tabs.model_history, "model_history"),
        ("prices/", prices.prices, "prices"),
        ("prices/<uuid:version_id>/", prices.price, "price"),
        ("prices/<uuid:version_id>/rehearsal/", publishing.rehearsal, "rehearsal"),
        ("prices/<uuid:version_id>/withdraw/", publishing.withdraw, "withdraw"),
        ("defaults/", default_models.defaults, "defaults"),
        ("ratings/", ratings.ratings, "ratings"),
        ("providers/", providers.providers, "providers"),
        ("workspaces/", workspaces.workspaces, "workspaces"),
        ("workspaces/<uuid:workspace_id>/", workspaces.workspace, "workspace"),
        ("workspaces/<uuid:workspace_id>/purchases/", purchases.workspace_purchases, "workspace_purchases"),
        ("promotions/", promotions.promotions, "promotions"),
        ("promotions/new/", promotions.promotion_new, "promotion_new"),
        ("promotions/<uuid:batch_id>/", promotions.promotion, "promotion"),
        ("promotions/<uuid:batch_id>/codes/", promotions.promotion_codes, "promotion_codes"),
        ("promotions/<uuid:batch_id>/withdraw/", promotions.promotion_withdraw, "promotion_withdraw"),
        ("approvals/", approvals.approvals, "approvals"),
        ("approvals/<str:request_id>/", approvals.decide, "decide"),
        ("all-jobs/", jobs.jobs, "jobs"),
        ("all-jobs/<str:job_id>/", jobs.job, "job"),
        ("books/", books.books, "books"),
        ("audit/", audit_log.audit_log, "audit"),
    ]
