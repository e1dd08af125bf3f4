"""The words of the catalogue: which kinds, stages, states and tasks there are. Pure."""

from django.db.models import TextChoices


class Kind(TextChoices):
    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_EDIT = "image_edit"
    UPSCALE = "upscale"
    BACKGROUND_REMOVAL = "background_removal"
    REFRAME = "reframe"
    IMAGE_TO_VIDEO = "image_to_video"


class Stage(TextChoices):
    EXPLORE = "explore"
    REFINE = "refine"
    DELIVER = "deliver"
    PRECISION = "precision"
    MOTION = "motion"


class Mode(TextChoices):
    SYNC = "sync"
    ASYNC = "async"


class PriceStatus(TextChoices):
    STATED = "stated"
    CONVERTED = "converted"
    INFERRED = "inferred"
    ASSUMED = "assumed"


class Lifecycle(TextChoices):
    ACTIVE = "active"
    DEPRECATED = "deprecated"  # still sold, until ``retires_on``
    RETIRED = "retired"  # kept for the jobs it ran, sold no more


class Surface(TextChoices):
    STUDIO = "studio", "Studio"
    API = "api", "API"
    MCP = "mcp", "MCP"


class Task(TextChoices):
    """What a default model is the default of."""

    CREATE = "create", "Make a picture"
    IMAGE_EDIT = "image_edit", "Edit a picture"
    LOCAL_EDIT = "local_edit", "Change one thing"
    MASK_EDIT = "mask_edit", "Change what a mask marks"
    UPSCALE = "upscale", "Enlarge"
    BACKGROUND_REMOVAL = "background_removal", "Cut out"
    REFRAME = "reframe", "Refit to another shape"
    IMAGE_TO_VIDEO = "image_to_video", "Animate"


class PriceState(TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"  # published, but taken back before it came into force; or a draft given up


class Switch(TextChoices):
    """Who can switch a model off, from the widest to the narrowest."""

    INSTALLATION = "installation"
    WORKSPACE = "workspace"
    ROLE = "role"
    MEMBER = "member"
    API_KEY = "api_key"
