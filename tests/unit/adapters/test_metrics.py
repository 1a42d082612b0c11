"""The metrics page shows what the ledger knows beside what was counted."""

import pytest

from billing.adapters.telemetry import LogTelemetry, exposition, logging_context


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


def test_what_has_a_measure_is_counted_by_it_and_everything_else_by_name() -> None:
    telemetry = LogTelemetry()
    for _ in range(2):
        telemetry.event("webhook_received", gateway="stripe", type="refund.created", outcome="stored")
        telemetry.event("stripe_call", seconds=0.02, call="refund_list", outcome="answered")
        telemetry.event("unit_repeated", by="a test", why="another was faster")
        telemetry.alarm("job_dead")
    page, _ = exposition(telemetry, dict, dict, None)
    assert b'billing_webhooks_total{gateway="stripe",outcome="stored",type="refund.created"} 2.0' in page
    assert b'billing_stripe_call_seconds_count{call="refund_list",outcome="answered"} 2.0' in page
    assert b'billing_events_total{event="unit_repeated"} 2.0' in page
    assert b'billing_alarms_total{event="job_dead"} 2.0' in page


def test_ids_are_bound_on_top_of_one_another_and_given_back_whatever_happens() -> None:
    telemetry = LogTelemetry()
    with telemetry.bound({"request_id": "req_1", "order_id": "ord_1"}):
        with pytest.raises(KeyError), telemetry.bound({"order_id": "ord_2", "job_id": "job_1"}):
            assert logging_context() == {"request_id": "req_1", "order_id": "ord_2", "cause": "job_1"}
            raise KeyError
        assert logging_context() == {"request_id": "req_1", "order_id": "ord_1"}
    assert logging_context() == {}
