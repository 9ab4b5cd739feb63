"""Addresses of the weekly email, all below /newsletter/."""

from django.urls import path, re_path

from benchlm.newsletter import views

app_name = "newsletter"
urlpatterns = [
    path("", views.sign_up, name="sign_up"),
    path("check-inbox/", views.check_inbox, name="check_inbox"),
    path("welcome/", views.welcome, name="welcome"),
    path("sample/", views.sample, name="sample"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("leave/<str:token>/", views.leave, name="leave"),
    path("my-data/<str:token>/", views.my_data, name="my_data"),
    path("events/<slug:provider>/", views.events, name="events"),
    re_path(r"^(?P<week>20\d\d-W(?:0[1-9]|[1-4]\d|5[0-3]))/\Z", views.issue, name="issue"),
]
