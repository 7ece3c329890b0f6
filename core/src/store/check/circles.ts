/** Collections that contain themselves, directly or by way of others. */
export const CIRCLES = `
  with recursive below (top, id) as (
    select collection_id, child_id from callsheet.collection_member where child_id is not null
    union
    select b.top, m.child_id from below b join callsheet.collection_member m on m.collection_id = b.id and m.child_id is not null
  )
  select 'circle' as what, c.name from below b join callsheet.collection c on c.id = b.top
  where b.top = b.id order by c.name`;
