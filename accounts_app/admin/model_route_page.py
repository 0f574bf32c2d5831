"""The model names an operator gives away."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts_app.models import ModelRoute


@admin.register(ModelRoute)
class ModelRoutePage(ModelAdmin):
    list_display = ("pattern", "target", "enabled", "note")
    list_filter = ("enabled",)
    search_fields = ("pattern", "target", "note")
    ordering = ("pattern",)
    fields = ("pattern", "target", "enabled", "note")
