"""The operations page and its buttons. For staff; for everybody else it does not exist."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from batches import operations
from batches.operations_page import OperationsPage

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """404 for anybody else."""

    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not (request.user.is_active and request.user.is_staff):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@staff_only
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "batches/operations.html", {"page": OperationsPage()})


@require_POST
@staff_only
def pause(request: HttpRequest) -> HttpResponse:
    operations.pause_all()
    return redirect("operations")


@require_POST
@staff_only
def resume(request: HttpRequest) -> HttpResponse:
    operations.resume_all()
    return redirect("operations")


@require_POST
@staff_only
def open_gate(request: HttpRequest, name: str) -> HttpResponse:
    operations.open_gate(name)
    messages.success(request, _("The gate is open."))
    return redirect("operations")
