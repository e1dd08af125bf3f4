"""What Django's admin finds here: the rows behind the pages, and the people. The pages are the site's own."""

from apps.staff.people import StaffGroupAdmin, UserAdmin
from apps.staff.rows import ReadOnlyAdmin

__all__ = ["ReadOnlyAdmin", "StaffGroupAdmin", "UserAdmin"]
