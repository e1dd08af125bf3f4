"""Routes of the public pages."""

from django.urls import path

from apps.site import billing, calculator, catalog, choosing, directory, model_page, samples, trying

urlpatterns = [
    path("models", catalog.models, name="site_models"),
    path("models/map", catalog.models_map, name="site_models_map"),
    path("models/stages", catalog.models_by_stage, name="site_models_by_stage"),
    path("models/compare", catalog.models_compared, name="site_models_compared"),
    path("models/<slug:model_id>", model_page.model, name="site_model"),
    path("models/<slug:model_id>/sample.webp", samples.sample, name="site_sample"),
    path("guide/choosing", choosing.choosing, name="site_choosing"),
    path("guide/stages", choosing.stages, name="site_stages"),
    path("guide/billing", billing.billing, name="site_billing"),
    path("calculator", calculator.calculator, name="site_calculator"),
    path("try", trying.try_model, name="site_try"),
    path("llms.txt", directory.llms, name="site_llms"),
]
