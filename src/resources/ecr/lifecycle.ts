interface LifecycleRule {
  rulePriority: number
  description?: string
  selection: Record<string, unknown>
  action: { type: string }
}

export interface LifecyclePolicy {
  rules: LifecycleRule[]
}

const DAYS_UNTAGGED = 7

/**
 * Layers that no tag names are gone after a week, of the rest the newest `keepImages` stay. A rule for any tag status
 * must have the highest priority number of all (ECR refuses it otherwise).
 */
export function lifecyclePolicy(keepImages: number): LifecyclePolicy {
  return {
    rules: [
      {
        rulePriority: 1,
        description: `expire untagged images after ${DAYS_UNTAGGED} days`,
        selection: {
          tagStatus: 'untagged',
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: DAYS_UNTAGGED,
        },
        action: { type: 'expire' },
      },
      {
        rulePriority: 2,
        description: `keep the newest ${keepImages} images`,
        selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: keepImages },
        action: { type: 'expire' },
      },
    ],
  }
}

/** The policy as ECR returns it, in an order that compares. */
export function normalizeLifecycle(text: string): LifecyclePolicy {
  const policy = JSON.parse(text) as LifecyclePolicy
  return { ...policy, rules: [...policy.rules].sort((a, b) => a.rulePriority - b.rulePriority) }
}
