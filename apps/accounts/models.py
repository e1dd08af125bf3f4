"""People, their places in workspaces, the keys of programs, and the log of who changed what."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace, WorkspaceOwned, WorkspaceQuerySet
from apps.ids import to_public, uuid7

__all__ = ["ApiKey", "AuditEntry", "Membership", "User", "UserManager", "Workspace"]


class UserManager(BaseUserManager["User"]):
    """Makes people; Django's createsuperuser calls it."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":  # model field values
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":  # model field values
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail. People are deactivated, never deleted: the ledger names them by id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Set with the sign-up grant, so that a person has it once, whatever number of workspaces they open.
    sign_up_granted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            # Django asks that USERNAME_FIELD be unique; the case-blind index beside it is what decides.
            models.UniqueConstraint(fields=["email"], name="user_email_unique"),
            models.UniqueConstraint(Lower("email"), name="user_email_caseless"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def initials(self) -> str:
        words = (self.name or self.email.partition("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in words[:2]).upper()


class Membership(WorkspaceOwned):
    """A person's place in a workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Membership"].as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class ApiKey(WorkspaceOwned):
    """A program's way in. The secret is shown once; we keep the SHA-256 of it behind a look-up prefix."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    lookup = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64)
    is_test = models.BooleanField(default=False)
    allowed_models = models.JSONField(null=True, blank=True)  # model ids; null = every model
    allowed_networks = models.JSONField(null=True, blank=True)  # CIDR texts; null = from anywhere
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet["ApiKey"].as_manager()

    def __str__(self) -> str:
        return f"{self.name} (easel_{'test' if self.is_test else 'live'}_{self.lookup}…)"

    @property
    def public_id(self) -> str:
        return to_public("key", self.id)


class AuditEntry(models.Model):
    """Who changed what, when, from what to what. Appended, never edited."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace_id = models.UUIDField(null=True, blank=True, db_index=True)  # null: the installation itself
    actor_id = models.UUIDField(null=True, blank=True)  # a person; null: the system
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=120)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
