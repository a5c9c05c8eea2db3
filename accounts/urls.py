"""Addresses of the account pages and of `/api/auth/…`. Of allauth's own, only those that need no mail server."""

from allauth.account import views as allauth
from django.urls import path
from django.views.generic import TemplateView

from accounts import api, views

urlpatterns = [
    path("account", views.account, name="account"),
    path("account/delete", views.delete_account, name="delete_account"),
    path("account/email", views.change_email, name="change_email"),
    path("account/export", views.export_account, name="export_account"),
    path("account/sessions/end", views.log_out_elsewhere, name="log_out_elsewhere"),
    path("account/sessions/<int:pk>/end", views.end_session, name="end_session"),
    path("account/tokens", views.tokens, name="tokens"),
    path("account/tokens/<uuid:pk>/revoke", views.revoke_token, name="revoke_token"),
    path("accounts/signup/", views.SignUpView.as_view(), name="account_signup"),
    path("accounts/login/", views.LogInView.as_view(), name="account_login"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/inactive/", allauth.account_inactive, name="account_inactive"),
    path("accounts/password/change/", allauth.password_change, name="account_change_password"),
    path("accounts/password/set/", allauth.password_set, name="account_set_password"),
    path(
        "accounts/password/reset/",
        TemplateView.as_view(template_name="account/password_reset.html"),
        name="account_reset_password",
    ),
    path("api/auth/register", api.RegisterView.as_view(), name="api_register"),
    path("api/auth/login", api.LoginView.as_view(), name="api_login"),
    path("api/auth/logout", api.LogoutView.as_view(), name="api_logout"),
]
