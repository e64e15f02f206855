META
key;value
budget;1000.50
vote_type;cumulative
PROJECTS
project_id;name;cost;category
10;"Bench; ""old"" one";100.25;green
9;Tree;300;green
8;Well;450;water
VOTES
voter_id;vote;points;weight
a;9,10;2,0.5;3
b;8;1;1
c;10,8;1,4;2
