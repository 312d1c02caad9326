with phone as (
  select id, 'home' as type, phone_home as phone from borrower
  union all
  select id, 'cell' as type, phone_cell as phone from borrower
)
select
  md5('phone_number|' || id || '|' || type) as phone_number_id,
  md5('user|' || id) as user_id,
  md5('phone_number_type|' || type) as phone_number_type_id,
  '+1' || right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) as phone_number,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from phone, source
where phone is not null
order by id, type
