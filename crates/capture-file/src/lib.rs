//! Recordings of capture events, and pcap and pcapng files, as one stream of capture events.
