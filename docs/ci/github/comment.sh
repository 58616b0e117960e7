#!/usr/bin/env bash
# comment.sh FILE: makes the file the one comment of kfm on pull request $NUMBER of $GITHUB_REPOSITORY. Needs `gh`.
set -euo pipefail
file=$1
mark='<!-- kfm diff -->'
known=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" \
  --jq ".[] | select(.body | startswith(\"$mark\")) | .id" | head -n 1)
if [ -n "$known" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known" --field "body=@$file" > /dev/null
else
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" --field "body=@$file" > /dev/null
fi
