//! Who is it: facts about processes, sockets and names in, the identity of an endpoint at a time out.
