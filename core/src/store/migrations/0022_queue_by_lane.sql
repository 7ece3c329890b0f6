-- A claim passes over queued jobs of lanes that it does not ask by the index alone: those that wait for units may be all of the queue.
-- Compatible with releases from 0020 on.
drop index callsheet.work_queued;
create index work_queued on callsheet.work (turn, lane_id) where state = 'queued';
