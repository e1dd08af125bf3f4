"""What people want a model for: the words that models are ranked under. Pure."""

from django.db.models import TextChoices


class UseCase(TextChoices):
    """A model's ``use_cases`` ranks it among those that fit; 1 is the first choice."""

    COMPLEX_REASONING_AND_TEXT = "complex_reasoning_and_text", "Involved briefs and lettering"
    CHARACTER_CONSISTENCY = "character_consistency", "One character through a series"
    BRAND_CONSISTENCY = "brand_consistency", "One look for a brand"
    HIGH_VOLUME_VARIANTS = "high_volume_variants", "Variants by the hundred"
    BEST_QUALITY_WITHOUT_REFERENCE = "best_quality_without_reference", "The best picture from words alone"
    FASTEST_WITHOUT_REFERENCE = "fastest_without_reference", "The fastest picture from words alone"
    BACKGROUND_REMOVAL = "background_removal", "A subject without its background"
    REFRAME = "reframe", "Another shape"
    UPSCALE = "upscale", "A larger picture"
    MASK_EDIT = "mask_edit", "A change within a mask"
    LOCAL_EDIT = "local_edit", "One part changed, the rest kept still"
    IMAGE_TO_VIDEO_WITH_SOUND = "image_to_video_with_sound", "A clip with sound"
    IMAGE_TO_VIDEO_CINEMATIC = "image_to_video_cinematic", "A clip like a film"
    STUDIO_IMAGE_EDIT = "studio_image_edit", "Edits in the studio"
