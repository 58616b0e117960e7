#!/bin/sh
sed "s/value: 1/value: [1]/"
