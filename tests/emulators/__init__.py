"""Stand-ins for services that are not ours, as real servers on loopback; the vendor's own client has accepted each."""
