-- Who holds an object is found wherever he stands in its line: he may have come while those before him could not be served.
-- Compatible with releases from 0020 on.
create index ticket_held on callsheet.ticket (object_key, number) where held;
