select
  md5('user_profile|' || id) as user_profile_id,
  md5('user|' || id) as user_id,
  trim(full_name) as full_name,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from borrower, source
order by id
