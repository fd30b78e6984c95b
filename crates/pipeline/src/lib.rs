//! From capture events to exchanges: connection table, TCP reassembly, parsers and the ledger, without IO.
