"""Routes of the studio's pages."""

from django.urls import path

from apps.studio import (
    api_keys,
    buying,
    choose,
    composer,
    credits,
    jobs,
    keeping,
    receipts,
    sign_in,
    switches,
    workspace,
)

urlpatterns = [
    path("", workspace.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-up", sign_in.sign_up, name="sign_up"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("theme", workspace.theme, name="theme"),
    path("w/new", workspace.workspace_new, name="workspace_new"),
    path("w/<uuid:workspace_id>/studio", composer.studio, name="studio"),
    path("w/<uuid:workspace_id>/studio/run", jobs.create, name="studio_create"),
    path("w/<uuid:workspace_id>/studio/quote", composer.quote, name="studio_quote"),
    path("w/<uuid:workspace_id>/studio/model", composer.change_model, name="studio_model"),
    path("w/<uuid:workspace_id>/studio/references", composer.change_references, name="studio_references"),
    path("w/<uuid:workspace_id>/studio/sort", composer.sort_models, name="studio_sort"),
    path("w/<uuid:workspace_id>/studio/runs", jobs.poll, name="studio_poll"),
    path("w/<uuid:workspace_id>/choose", choose.choose, name="choose"),
    path("w/<uuid:workspace_id>/jobs", jobs.jobs, name="jobs"),
    path("w/<uuid:workspace_id>/jobs/<str:job_id>", jobs.job, name="job"),
    path("w/<uuid:workspace_id>/jobs/<str:job_id>/cancel", jobs.cancel, name="job_cancel"),
    path("w/<uuid:workspace_id>/jobs/<str:job_id>/retry", jobs.retry, name="job_retry"),
    path("w/<uuid:workspace_id>/jobs/<str:job_id>/keep", keeping.keep_output, name="job_keep"),
    path("w/<uuid:workspace_id>/models", switches.models, name="models"),
    path("w/<uuid:workspace_id>/models/switch", switches.turn_switch, name="model_switch"),
    path("w/<uuid:workspace_id>/models/defaults", switches.model_defaults, name="model_defaults"),
    path("w/<uuid:workspace_id>/models/defaults/save", switches.save_defaults, name="model_defaults_save"),
    path("w/<uuid:workspace_id>/credits", credits.credits, name="credits"),
    path("w/<uuid:workspace_id>/credits/buy", buying.buy, name="buy"),
    path("w/<uuid:workspace_id>/credits/purchases/<str:purchase_id>", buying.purchase_state, name="purchase_state"),
    path("w/<uuid:workspace_id>/credits/receipts", receipts.receipts, name="receipts"),
    path("w/<uuid:workspace_id>/api", api_keys.api_keys, name="api_keys"),
    path("w/<uuid:workspace_id>/api/<str:key_id>/revoke", api_keys.revoke_api_key, name="api_key_revoke"),
]
