-- A zip code that the sheet made a number of has lost its zeros.
select
  md5('address|' || id) as address_id,
  md5('user|' || id) as user_id,
  street,
  city,
  state,
  lpad(split_part(zip_code, '-', 1), 5, '0') as zip_code,
  nullif(split_part(zip_code, '-', 2), '') as zip_extension,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from borrower, source
where coalesce(street, city, state, zip_code) is not null
order by id
