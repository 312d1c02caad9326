select
  md5('phone_number_type|' || type) as phone_number_type_id,
  type as name,
  source.key as source_key,
  source.version_id as source_version_id,
  source.modified_at as source_modified_at
from (values ('home'), ('cell')) types(type), source
order by name
