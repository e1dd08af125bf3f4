"""CSV in place of JSON, for whoever asks for it by ``Accept: text/csv``."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest, StreamingHttpResponse

from apps.sheets import Cell, as_csv


def wants_csv(request: HttpRequest) -> bool:
    """Tell whether CSV was asked for by name; everything else is answered with JSON."""
    accepted = (one.partition(";")[0].strip().lower() for one in request.headers.get("Accept", "").split(","))
    return "text/csv" in accepted


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingHttpResponse:
    """Answer with a file that is sent while it is made."""
    answer = StreamingHttpResponse(as_csv(header, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
