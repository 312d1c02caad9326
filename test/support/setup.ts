// Tests never see the developer's own AWS login: whatever a test needs it sets itself.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('AWS_') || name.startsWith('DATAPIPE_')) delete process.env[name]
}

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
process.env.AWS_EC2_METADATA_DISABLED = 'true'
process.env.AWS_CONFIG_FILE = '/nonexistent/aws-config'
process.env.AWS_SHARED_CREDENTIALS_FILE = '/nonexistent/aws-credentials'
