"""The routes of the API."""

from django.urls import path, re_path

from apps.api.access import DefaultList, ModelAccess, ToolAccess, ToolList
from apps.api.assets import AssetList, OneAsset, Upload
from apps.api.catalog import ModelList, ModelSchema, OneModel
from apps.api.choosing import Calculator, Recommendation
from apps.api.credits import Credits
from apps.api.document import docs, kind_of_problem, openapi
from apps.api.endpoint import Nowhere
from apps.api.files import serve_file
from apps.api.jobs import JobAtAddress, JobCancel, JobList, JobOrModel, JobRetry
from apps.api.keys import OwnKey
from apps.api.ledger import Ledger
from apps.api.limits import LimitList, LimitMove, OneLimit
from apps.api.promo_codes import Redemption
from apps.api.purchases import PackList, PurchaseList
from apps.api.quotes import QuoteList
from apps.api.stripe import webhook
from apps.api.usage import UsageSums
from apps.api.waiting import waiting

urlpatterns = [
    path("v1/jobs", JobList.as_view()),
    path("v1/jobs/<slug:ref>", waiting(JobOrModel)),
    path("v1/jobs/<slug:ref>/cancel", JobCancel.as_view()),
    path("v1/jobs/<slug:ref>/retry", waiting(JobRetry)),
    path("v1/jobs/<slug:ref>/<str:client_id>", waiting(JobAtAddress)),
    path("v1/quotes", QuoteList.as_view()),
    path("v1/models", ModelList.as_view()),
    path("v1/models/recommend", Recommendation.as_view()),
    path("v1/models/<slug:ref>", OneModel.as_view()),
    path("v1/models/<slug:ref>/schema", ModelSchema.as_view()),
    path("v1/models/<slug:ref>/access", ModelAccess.as_view()),
    path("v1/tools", ToolList.as_view()),
    path("v1/tools/<slug:ref>/access", ToolAccess.as_view()),
    path("v1/defaults", DefaultList.as_view()),
    path("v1/calculator", Calculator.as_view()),
    path("v1/uploads", Upload.as_view()),
    path("v1/assets", AssetList.as_view()),
    path("v1/assets/<slug:ref>", OneAsset.as_view()),
    path("v1/credits", Credits.as_view()),
    path("v1/ledger", Ledger.as_view()),
    path("v1/usage", UsageSums.as_view()),
    path("v1/limits", LimitList.as_view()),
    path("v1/limits/move", LimitMove.as_view()),
    path("v1/limits/<slug:kind>/<slug:ref>", OneLimit.as_view()),
    path("v1/packs", PackList.as_view()),
    path("v1/purchases", PurchaseList.as_view()),
    path("v1/promo-codes/redeem", Redemption.as_view()),
    path("v1/key", OwnKey.as_view()),
    path("stripe/webhook", webhook),
    path("files/<str:token>/<str:name>", serve_file),
    re_path(r"^v1(?:/.*)?$", Nowhere.as_view()),
    path("problems/<slug:name>", kind_of_problem),
    path("openapi.json", openapi),
    path("docs", docs, name="docs"),
]
