"""Log-in by e-mail address and password."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from pv.accounts.models import User


class EmailBackend:
    """One hash is computed for an unknown address too, so that the answer takes as long and says as little."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **extra: Any
    ) -> User | None:
        address = (username or extra.get("email") or "").strip().lower()
        user = User.objects.filter(email=address).first()
        if user is None:
            make_password(password)
            return None
        return user if check_password(password, user.password) and user.is_active else None

    def get_user(self, user_id: UUID | str) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
