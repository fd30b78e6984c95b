//! The graph of who calls whom: health, filters, neighbourhoods, cycles, differences, exports.
