#!/usr/bin/env bash
# Downloads the packages of a release into a folder, and proves that the release
# workflow of that repository built them from that tag. Needs GitHub's gh.
#
#   packages.sh OWNER/REPOSITORY TAG FOLDER
set -euo pipefail
repository=$1 tag=$2 folder=$3
cd "$folder"
gh release download "$tag" --repo "$repository" --pattern 'trailkeeper-*.zip' --pattern SHA256SUMS --clobber
sha256sum --check --ignore-missing SHA256SUMS
rm SHA256SUMS
for file in trailkeeper-*.zip; do
  gh attestation verify "$file" --repo "$repository" --source-ref "refs/tags/$tag" \
    --signer-workflow "$repository/.github/workflows/release.yml"
done
