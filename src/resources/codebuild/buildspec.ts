/** Variables that a build is told with; the project knows the others. */
export const TAG_VARIABLE = 'IMAGE_TAG'

/**
 * What CodeBuild does with the bundle. Pushing is part of the build phase: a later phase would run after a failed build
 * too. The name of the registry is what comes before the first slash of the repository.
 */
export const BUILDSPEC = `version: 0.2
env:
  variables:
    # One image, not an index with a note about how it was made: the tag is the digest that tasks are pinned to.
    BUILDX_NO_DEFAULT_ATTESTATIONS: "1"
phases:
  pre_build:
    commands:
      - aws ecr get-login-password --region "$AWS_REGION" | docker login --username AWS --password-stdin "\${REPOSITORY_URI%%/*}"
  build:
    commands:
      - docker build --platform "$PLATFORM" --file docker/Dockerfile --tag "$REPOSITORY_URI:$IMAGE_TAG" .
      - docker push "$REPOSITORY_URI:$IMAGE_TAG"
`
