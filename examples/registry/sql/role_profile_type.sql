select distinct
  md5('role_profile_type|' || lower(role_profile)) as role_profile_type_id,
  lower(role_profile) as name,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from role_profile, source
order by name
