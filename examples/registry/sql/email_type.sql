select
  md5('email_type|primary') as email_type_id,
  'primary' as name,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from source
