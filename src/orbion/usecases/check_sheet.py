"""Look at the sheet of one business, and name the fix of each fault."""

from collections.abc import Mapping

from orbion.domain.accounts import Finding, fault, note, ok
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.mirror import KEY
from orbion.ports import Sheet

FIXES: Mapping[FaultCode, str] = {
    FaultCode.SHEETS_AUTH: (
        "share the spreadsheet with the service account as an editor, turn on the Google Sheets "
        "API in its project, or correct google_key_file"
    ),
    FaultCode.SHEETS_MISSING: "correct sheet_id: the part of its address between /d/ and /edit",
    FaultCode.SHEETS_RANGE: f"undo the change of the tab's header: its column {KEY} must stay",
    FaultCode.SHEETS_QUOTA: "nothing: it goes on by itself; raise the project's quota if it stays",
    FaultCode.SHEETS_UNREACHABLE: "nothing: it goes on by itself; see whether Google is reachable",
}


async def check_sheet(sheet: Sheet, business: str) -> Finding:
    """Reach it and read its header; raises nothing for what is outside."""
    check = f"sheet of {business}"
    try:
        table = await sheet.read(business)
    except UnavailableError as error:
        return fault(check, f"{error.code}: {error}", FIXES.get(error.code, "see the runbook"))
    if table is None:
        return ok(check, "reachable; the first lead makes the tab")
    if KEY not in table.columns:
        return ok(check, "reachable; the first lead writes the header")
    found = f"reachable; {len(table.leads)} leads under {len(table.columns)} columns"
    if table.repeated:
        ids = ", ".join(map(str, table.repeated[:5]))
        return note(check, f"{found}; more than one row: {ids}", "delete the rows that are copies")
    return ok(check, found)
