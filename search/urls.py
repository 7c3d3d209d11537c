"""Addresses of what is found."""

from django.urls import path

from search import views

urlpatterns = [path("palette", views.palette, name="palette")]
