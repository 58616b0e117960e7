#!/bin/sh
sed "s/: .one two.*/: first line/; s/: one two.*/: first line/"
