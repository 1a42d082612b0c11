"""The metrics page shows what the ledger knows beside what was counted."""

from billing.adapters.telemetry import LogTelemetry, exposition


def test_jobs_that_are_not_over_and_breakers_are_read_when_somebody_asks() -> None:
    breakers = {"registrar epp": "open"}
    telemetry = LogTelemetry()

    def page() -> str:
        body, _ = exposition(telemetry, lambda: {("register_domain", "dead"): 3}, lambda: breakers, None)
        return body.decode()

    assert 'billing_jobs_open{kind="register_domain",status="dead"} 3.0' in page()
    assert 'billing_breaker{breaker="registrar epp",state="open"} 1.0' in page()
    breakers["registrar epp"] = "closed"
    assert 'state="open"' not in page()


def test_lines_to_the_mail_server_are_counted() -> None:
    telemetry = LogTelemetry()
    telemetry.event("mail_line_opened", seconds=0.02, tls=True)
    body, _ = exposition(telemetry, dict, dict, None)
    assert 'billing_mail_line_opened_seconds_count{tls="True"} 1.0' in body.decode()
