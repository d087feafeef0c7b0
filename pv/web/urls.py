"""Addresses of this door."""

from django.urls import URLPattern, path

from pv.web.views import account, demo, due, history, notices, obligations, register

app_name = "web"
urlpatterns: list[URLPattern] = [
    path("", due.home, name="due"),
    path("login/", account.log_in, name="login"),
    path("logout/", account.log_out, name="logout"),
    path("language/", account.language, name="language"),
    path("organisation/", account.organisation, name="organisation"),
    path("register/", register.register, name="register"),
    path("register/pipeline/", register.landscape, name="pipeline"),
    path("register/<uuid:pk>/", register.entry, name="entry"),
    path("obligations/", obligations.obligations, name="obligations"),
    path("obligations/milestones/<uuid:pk>/", obligations.milestone, name="milestone"),
    path("obligations/<uuid:pk>/", obligations.obligation, name="obligation"),
    path("obligations/<uuid:pk>/due/", obligations.change_due, name="change_due"),
    path("obligations/<uuid:pk>/forecast/", obligations.change_forecast, name="change_forecast"),
    path("obligations/<uuid:pk>/submit/", obligations.submit, name="submit"),
    path("notices/", notices.notices, name="notices"),
    path("notices/count/", notices.notice_count, name="notice_count"),
    path("notices/seen/", notices.seen, name="seen"),
    path("deadlines/take/", notices.take_several, name="take_several"),
    path("deadlines/<uuid:pk>/", notices.deadline, name="deadline"),
    path("deadlines/<uuid:pk>/take/", notices.take, name="take"),
    path("history/<uuid:pk>/", history.history, name="history"),
    path("demo/mail/", demo.mails, name="mails"),
    path("demo/mail/<str:key>/", demo.mail, name="mail"),
]
