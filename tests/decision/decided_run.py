"""The limits and objectives of the fixture `decided`."""

LIMITS = {"top1": {"max_drop": 0.01, "confidence": 0.95}, "size_bytes": {"max_ratio": 0.9}}
CHOOSE = [{"minimize": "size_bytes", "within": "5%"}, {"maximize": "top1", "within": 0.01}]
