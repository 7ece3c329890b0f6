-- A claim passes over queued jobs of lanes that it does not ask by the index alone: those that wait for units may be all of the queue.
-- Servers before 17 would sort what they find so: they go on by turn.
-- Compatible with releases from 0020 on.
do $$
begin
  if current_setting('server_version_num')::int >= 170000 then
    drop index callsheet.work_queued;
    create index work_queued on callsheet.work (turn, lane_id) where state = 'queued';
  end if;
end
$$;
