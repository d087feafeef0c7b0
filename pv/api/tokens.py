"""Tokens: the way in for machines."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models.functions import Now
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pv.accounts.models import User
from pv.accounts.throttle import WINDOW, Attempt
from pv.api.authentication import TokenAuthentication
from pv.api.problems import MEDIA_TYPE, problem


class Credentials(serializers.Serializer[Any]):
    """Address and password of a person."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False, style={"input_type": "password"})


class NewToken(serializers.Serializer[Any]):
    """A token; this is the only time it is shown."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField(allow_null=True)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class Tokens(APIView):
    """Log in with address and password and get a token for `Authorization: Token ...`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=Credentials, responses={201: NewToken}, auth=[], operation_id="tokens_create")
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """One answer for an unknown address and for a wrong password; too many failures are told to wait."""
        given = Credentials(data=request.data)
        given.is_valid(raise_exception=True)
        address = given.validated_data["email"].strip().lower()
        attempt = Attempt(address, request._request)
        if attempt.is_too_often():
            raise Throttled(wait=WINDOW.total_seconds())
        user = authenticate(request._request, username=address, password=given.validated_data["password"])
        if not isinstance(user, User):
            attempt.note()
            return self._refused(request)
        return self._made(user)

    def _refused(self, request: Request) -> Response:
        """Answered, not raised: the failure that was noted must stay."""
        body = problem(
            401,
            code="wrong_credentials",
            detail=str(_("Address and password do not belong together.")),
            request_id=getattr(request, "id", None),
        )
        return Response(body, status=401, headers={"WWW-Authenticate": "Token"}, content_type=MEDIA_TYPE)

    def _made(self, user: User) -> Response:
        AuthToken.objects.filter(user=user, expiry__lte=Now()).delete()
        too_old = AuthToken.objects.filter(user=user).order_by("-created")[settings.TOKENS_FOR_ONE_PERSON - 1 :]
        AuthToken.objects.filter(pk__in=[token.pk for token in too_old]).delete()
        token, text = AuthToken.objects.create(user=user)
        return Response(NewToken({"token": text, "expiry": token.expiry}).data, status=201)


class CurrentToken(APIView):
    """The token this request came with."""

    authentication_classes = (TokenAuthentication,)

    @extend_schema(responses={204: None}, operation_id="tokens_current_destroy")
    def delete(self, request: Request) -> Response:
        """Make it useless from now on."""
        AuthToken.objects.filter(pk=request.auth.pk).delete()
        return Response(status=204)
