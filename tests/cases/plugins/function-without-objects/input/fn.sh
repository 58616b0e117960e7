#!/bin/sh
items=$(grep -c '^- ')
cat <<X
apiVersion: v1
kind: ConfigMap
metadata:
  name: made
data:
  items: "$items"
X
