-- Always empty. Each claim locks it in passing (row share), whoever pauses takes it alone (exclusive): a lock on a table
-- is taken before a statement's snapshot, so a claim that waited for a pause sees it.
create table callsheet.barrier ();
