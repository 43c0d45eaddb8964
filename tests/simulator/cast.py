"""Who plays in these tests: our numbers, one for each way of answering STOP, and two people."""

from tests.carrier import SENDER

PUBLIC = "https://sms.example.org"
SERVICE = "MG" + "0" * 32
ADVANCED, TOLLFREE, SELF, POOLED, PATIENT = "+33937000002", "+18005551212", "36111", "+33937000005", "+33937000006"
ANA, BO = "+33612345678", "+33612345679"

__all__ = ["ADVANCED", "ANA", "BO", "PATIENT", "POOLED", "PUBLIC", "SELF", "SENDER", "SERVICE", "TOLLFREE"]
